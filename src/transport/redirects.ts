import { BrecciaError } from "../errors.ts";
import { TRANSPORT_LIMITS } from "../limits.ts";
import type { Fetch } from "../ports/mod.ts";
import { withoutUrlSecrets } from "./public_url.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * A fetch that follows redirects to the server that was asked, and from `http:` to `https:` there, and to
 * nowhere else: a server inside a network must not be led by its upstream to what only it can reach.
 * For GET and HEAD, on runtimes whose manual redirects show where they lead (all but browsers).
 *
 * @throws {BrecciaError} `http-malformed` when a redirect leads elsewhere, nowhere, or on and on; what
 * `fetch` throws.
 */
export function followWithinOrigin(fetch: Fetch): Fetch {
  return async (request) => {
    let asked = request;
    for (let followed = 0; followed <= TRANSPORT_LIMITS.redirects; followed++) {
      const response = await fetch(new Request(asked, { redirect: "manual" }));
      if (!REDIRECTS.has(response.status)) return response;
      await response.body?.cancel();
      asked = new Request(nextUrl(asked, response.headers.get("location")), request);
    }
    throw refused(request.url, `it redirects more than ${TRANSPORT_LIMITS.redirects} times`);
  };
}

function nextUrl({ url, method }: Request, location: string | null): URL {
  const from = new URL(url);
  const to = location === null ? null : URL.parse(location, url);
  if (to === null) throw refused(url, "it redirects to nowhere");
  const sameServer = to.origin === from.origin;
  const secured = from.protocol === "http:" && to.protocol === "https:" && from.port === "" &&
    to.port === "" && to.hostname === from.hostname;
  if (!(sameServer || secured) || !/^https?:$/.test(to.protocol)) {
    throw refused(url, `it redirects to ${to.origin === "null" ? to.protocol : to.origin}`);
  }
  if (method !== "GET" && method !== "HEAD") throw refused(url, `it redirects a ${method}`);
  return to;
}

function refused(url: string, why: string): BrecciaError {
  return new BrecciaError(
    "http-malformed",
    `Cannot use the answer of ${
      withoutUrlSecrets(url)
    }: ${why}; give the address where the files are as upstream`,
  );
}
