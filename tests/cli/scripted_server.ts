/** A server on loopback whose answers a test chooses, and what it was sent. */
export class ScriptedServer implements AsyncDisposable {
  /** Gives the next answers. */
  answer: (request: Request) => Response | Promise<Response>;
  readonly #headers: Headers[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** Answers by `answer`. */
  constructor(answer: (request: Request) => Response | Promise<Response>) {
    this.answer = answer;
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      this.#headers.push(new Headers(request.headers));
      return this.answer(request);
    });
  }

  /** `127.0.0.1:PORT`. */
  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  /** A header of each request so far. */
  sent(header: string): (string | null)[] {
    return this.#headers.map((headers) => headers.get(header));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
