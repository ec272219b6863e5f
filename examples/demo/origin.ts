/**
 * The publisher's host: any HTTP server that serves files and single ranges will do, and this one does
 * nothing else. No part of Breccia runs here.
 */
export function serveFiles(folder: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (path.split("/").includes("..")) return new Response(null, { status: 404 });
    try {
      return answer(await Deno.readFile(`${folder}${path}`), request.headers.get("range"));
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}

function answer(bytes: Uint8Array<ArrayBuffer>, range: string | null): Response {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  if (first === undefined || last === undefined) return new Response(bytes);
  const end = Math.min(Number(last), bytes.length - 1);
  return new Response(bytes.subarray(Number(first), end + 1), {
    status: 206,
    headers: { "content-range": `bytes ${first}-${end}/${bytes.length}` },
  });
}
