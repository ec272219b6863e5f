#!/usr/bin/env bash
# Runs a Ceph object gateway (S3) on loopback, with its objects in memory, until its stdin ends: it
# ends with the process that started it, however that ends. Prints "ready" when it answers, and again after
# each line on stdin, for which it starts the gateway anew; the process to kill before is in DIR/gateway.pid.
#   radosgw.sh DIR PORT MON_PORT ACCESS_KEY SECRET_KEY
# Needs Debian's radosgw, ceph-mon and ceph-osd.
set -euo pipefail
dir=$1 port=$2 mon_port=$3 access_key=$4 secret_key=$5
export CEPH_CONF=$dir/ceph.conf

cat > "$CEPH_CONF" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_initial_members = a
mon_host = [v2:127.0.0.1:$mon_port]
public_addr = 127.0.0.1
auth_allow_insecure_global_id_reclaim = false
keyring = $dir/keyring
run_dir = $dir
log_file = $dir/\$name.log
log_to_stderr = false
mon_cluster_log_file = $dir/cluster.log
admin_socket = $dir/\$name.sock
crash_dir = $dir
mon_data = $dir/mon
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_pool_default_pg_autoscale_mode = off
rgw_data = $dir/rgw
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_enable_usage_log = false
rgw_thread_pool_size = 64
CONF

pids=()
# shellcheck disable=SC2064 -- the children that exist when the trap runs
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true' EXIT
start() {
  "$@" </dev/null >>"$dir/daemons.log" 2>&1 &
  pids+=($!)
  disown # says nothing when it is killed
}

mkdir -p "$dir/mon" "$dir/osd" "$dir/rgw"
{
  # radosgw speaks to no cluster without cephx, so there is one key for every daemon.
  ceph-authtool --create-keyring "$dir/keyring" --gen-key -n client.admin \
    --cap mon 'allow *' --cap osd 'allow *'
  ceph-authtool "$dir/keyring" --gen-key -n mon. --cap mon 'allow *'
  monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$CEPH_CONF")" \
    --addv a "[v2:127.0.0.1:$mon_port]" "$dir/monmap"
  ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring"
  start ceph-mon -f -i a
  osd_uuid=$(cat /proc/sys/kernel/random/uuid)
  ceph osd new "$osd_uuid"
  ceph-authtool "$dir/keyring" --gen-key -n osd.0
  ceph auth add osd.0 mon 'allow profile osd' osd 'allow *' -i "$dir/keyring"
  ceph-osd -i 0 --mkfs --osd-uuid "$osd_uuid"
  start ceph-osd -f -i 0
  radosgw-admin user create --uid=breccia --display-name=breccia \
    --access-key="$access_key" --secret-key="$secret_key"
} >>"$dir/daemons.log" 2>&1

serve() {
  start radosgw -f -n client.admin
  echo "${pids[-1]}" > "$dir/gateway.pid"
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "${pids[@]}" || { tail -n 40 "$dir"/*.log >&2; exit 1; }
    sleep 0.1
  done
  echo ready
}
serve
while read -r _; do
  unset "pids[-1]"
  serve
done
