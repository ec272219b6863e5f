/**
 * What an attacker who owns an edge can do: pass everything on as it is, and flip one bit in each answer
 * that carries chunks.
 */
export function serveTampered(edge: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const answer = await fetch(new URL(pathname, edge), {
      method: request.method,
      headers: request.headers,
      body: request.body === null ? null : await request.arrayBuffer(),
    });
    const body = new Uint8Array(await answer.arrayBuffer());
    if (/^\/(chunks|packs|deltas)/.test(pathname)) {
      const middle = body.length >> 1;
      body[middle] = (body[middle] ?? 0) ^ 1;
    }
    return new Response(answer.status === 304 ? null : body, answer);
  });
}
