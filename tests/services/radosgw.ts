import type { Requirement } from "../requirement.ts";
import { S3Bucket, type S3BucketOptions } from "../../cache/stores/s3/s3_bucket.ts";
import { systemClock } from "../../src/ports/mod.ts";

/** Ceph's object gateway: a strict S3 service that Debian packages. */
export const RADOSGW: Requirement = {
  what: "radosgw (apt-get install --no-install-recommends radosgw ceph-mon ceph-osd)",
  available: ["radosgw", "ceph-mon", "ceph-osd", "ceph"].every((program) => {
    try {
      return Deno.statSync(`/usr/bin/${program}`).isFile;
    } catch {
      return false;
    }
  }),
};

/** A running service with no bucket yet. */
export interface Radosgw {
  /** Access to a new, empty bucket. */
  createBucket(): Promise<S3BucketOptions>;
  /** Kills the gateway as a crash would; what it stored stays. Resolves when it is gone. */
  crash(): Promise<void>;
  /** Starts the gateway anew after a crash. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the service on free loopback ports, with its objects in memory. Takes some 20 s. */
export async function startRadosgw(): Promise<Radosgw> {
  const directory = await Deno.makeTempDir({ prefix: "radosgw-" });
  const [port, monitorPort] = freePorts(2);
  const credentials = { accessKeyId: "breccia-tests", secretAccessKey: crypto.randomUUID() };
  const service = new Deno.Command(new URL("radosgw.sh", import.meta.url).pathname, {
    args: [
      directory,
      String(port),
      String(monitorPort),
      credentials.accessKeyId,
      credentials.secretAccessKey,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stdout = service.stdout.getReader();
  const ready = async (): Promise<void> => {
    const { done } = await stdout.read();
    if (done) throw new Error("radosgw did not start: see the end of its log above");
  };
  await ready();
  const stdin = service.stdin.getWriter();
  return {
    async createBucket() {
      const options: S3BucketOptions = {
        bucket: `test-${crypto.randomUUID()}`,
        endpoint: new URL(`http://127.0.0.1:${port}`),
        region: "default",
        credentials,
        fetch: (request) => fetch(request),
        clock: systemClock,
      };
      await new S3Bucket(options).send({ verb: "create", method: "PUT" });
      return options;
    },
    async crash() {
      Deno.kill(Number(await Deno.readTextFile(`${directory}/gateway.pid`)), "SIGKILL");
      while (await isListening(port as number)) await new Promise((next) => setTimeout(next, 10));
    },
    async restart() {
      await stdin.write(new TextEncoder().encode("restart\n"));
      await ready();
    },
    async stop() {
      await stdin.close();
      await stdout.cancel();
      await service.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** Ports that were free a moment ago. */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  return listeners.map((listener) => {
    listener.close();
    return listener.addr.port;
  });
}
