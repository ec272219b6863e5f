/** IPv4 networks that the public internet does not route (RFC 6890): address and length of its prefix. */
const INNER_V4: readonly (readonly [address: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
];

/** Names that stand for hosts of a network of one's own (RFC 6761, 6762, 9476 and common use). */
const INNER_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|home\.arpa|alt)\.?$/;

/**
 * Whether a host, spelled as `URL.hostname` spells it, is this machine or lies in a network of its own. Of a
 * name nothing is looked up: a public name may still stand for an inner address.
 */
export function isInnerHost(hostname: string): boolean {
  if (hostname.startsWith("[")) return isInnerV6(hostname.slice(1, -1));
  if (/^[\d.]+$/.test(hostname)) return isInnerV4(hostname);
  return !hostname.includes(".") || INNER_NAME.test(hostname);
}

function isInnerV4(address: string): boolean {
  const value = numberOf(address);
  return INNER_V4.some(([network, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(value / size) === Math.floor(numberOf(network) / size);
  });
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** All but global unicast, 2000::/3; what holds an IPv4 address (mapped, NAT64, 6to4) is none of it, too. */
function isInnerV6(address: string): boolean {
  const first = parseInt(address.split(":", 1)[0] || "0", 16);
  return first < 0x2000 || first > 0x3fff || first === 0x2002;
}
