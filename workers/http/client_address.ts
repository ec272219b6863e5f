/** No address is longer, with its zone and port: what is, must not be remembered. */
const ADDRESS_CHARACTERS = 80;

/**
 * Whom a request is counted for: the peer of the socket, or what the outermost of `proxies` trusted proxies
 * saw. Each adds the address of its peer at the end of `X-Forwarded-For`; what stands before that, anybody
 * may have written.
 *
 * @param peer Address of the socket's other end.
 */
export function clientOf(headers: Headers, peer: string, proxies: number): string {
  if (proxies === 0) return networkOf(peer);
  const hops = (headers.get("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
  const hop = hops.at(-proxies) ?? "";
  return networkOf(hop === "" || hop.length > ADDRESS_CHARACTERS ? peer : hop);
}

/** The address itself, or the /64 of an IPv6 address. Text that is no address stands for itself. */
function networkOf(address: string): string {
  const bare = /^\[([^\]]*)\]/.exec(address)?.[1] ?? address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  if (!bare.includes(":")) return bare;
  const [head = "", tail] = (bare.split("%")[0] as string).toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array(zeros).fill("0"), ...after];
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":") + "::/64";
}
