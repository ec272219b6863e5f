/** A connection to a client that waits for an answer; it may go away at any time. */
export interface Wire {
  /** Sends bytes as they are: status line, fields and body are the liar's own. */
  send(bytes: Uint8Array | string): Promise<void>;
  /** True once the client has hung up. */
  readonly gone: boolean;
  /** Resolves when the client has hung up. */
  readonly hungUp: Promise<void>;
  /** Where the client thinks it is, with a slash at its end. */
  readonly origin: string;
}

/** Answers on the wire in place of the honest server, who would send `honest`. */
export type WireLie = (wire: Wire, honest: Uint8Array<ArrayBuffer>, path: string) => Promise<void>;

const TEXT = new TextEncoder();

/** A server on loopback that speaks HTTP/1.1 by hand, so that it can break every rule of it. */
export class LyingUpstream implements AsyncDisposable {
  /** What is asked for matches this: the answer is the lie. */
  #lie: { readonly path: RegExp; readonly tell: WireLie } | undefined;
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #honest: (request: Request) => Promise<Response>;
  readonly #serving: Promise<void>;

  /** Answers as `honest` does, until it is told to lie. */
  constructor(honest: (request: Request) => Promise<Response>) {
    this.#honest = honest;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#serving = this.#accept();
  }

  /** Where it listens. */
  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/`;
  }

  /** Lies to whoever asks for such a path, from now on. */
  lieAbout(path: RegExp, tell: WireLie): void {
    this.#lie = { path, tell };
  }

  /** Is honest from now on. */
  repent(): void {
    this.#lie = undefined;
  }

  async #accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      serving.push(this.#answer(connection).finally(() => this.#connections.delete(connection)));
    }
    await Promise.all(serving);
  }

  /** One request on each connection. */
  async #answer(connection: Deno.TcpConn): Promise<void> {
    try {
      const path = await readPath(connection);
      if (path === undefined) return;
      this.requests.push(path);
      const response = await this.#honest(new Request(new URL(path, this.url)));
      const body = new Uint8Array(await response.arrayBuffer());
      const wire = new LoopbackWire(connection, this.url);
      const { status } = response;
      if (status === 200 && this.#lie?.path.test(path)) {
        await this.#lie.tell(wire, body, path);
      } else {
        await wire.send(headOf(status, { "content-length": String(body.length) }));
        await wire.send(body);
      }
    } catch {
      // The client hung up: what it thought of the answer is what the test asks.
    } finally {
      close(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#serving;
  }
}

/** Status line and fields of an answer after which the connection ends. */
export function headOf(status: number, fields: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ ...fields, connection: "close" })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`;
}

class LoopbackWire implements Wire {
  gone = false;
  readonly hungUp: Promise<void>;
  readonly origin: string;
  readonly #connection: Deno.TcpConn;

  constructor(connection: Deno.TcpConn, origin: string) {
    this.#connection = connection;
    this.origin = origin;
    this.hungUp = connection.read(new Uint8Array(1)).catch(() => null).then(() => {
      this.gone = true;
    });
  }

  async send(bytes: Uint8Array | string): Promise<void> {
    let rest = typeof bytes === "string" ? TEXT.encode(bytes) : bytes;
    while (rest.length > 0) rest = rest.subarray(await this.#connection.write(rest));
  }
}

/** The path in the request line; its fields are read and not looked at. `undefined` when it is no HTTP. */
async function readPath(connection: Deno.TcpConn): Promise<string | undefined> {
  let head = "";
  const buffer = new Uint8Array(4096);
  while (!head.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    head += new TextDecoder().decode(buffer.subarray(0, count));
    if (!head.startsWith("GET ")) return undefined;
  }
  return /^GET (\S+) /.exec(head)?.[1];
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
