import { buildPackage } from "../../bin/build_package.ts";
import { bundle } from "../../bin/bundle.ts";
import { NODE } from "../portable/node.ts";

/** What people use the package with, in the versions that were tried. */
const TOOLS = [
  "@types/node@22.20.5",
  "esbuild@0.28.2",
  "publint@0.3.25",
  "typescript@5.9.3",
  "vite@8.3.8",
  "webpack@5.113.0",
  "webpack-cli@7.3.1",
];

/** An empty npm project that the built package was installed into, from its tarball. */
export class NpmProject implements AsyncDisposable {
  /** Where it is. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Builds, packs and installs the package, and writes the files of `project/` beside it. */
  static async create(): Promise<NpmProject> {
    const project = new NpmProject(await Deno.makeTempDir());
    try {
      await buildPackage(`${project.folder}/breccia.tgz`);
      await project.write("package.json", JSON.stringify({ private: true, type: "module" }));
      const quiet = ["--silent", "--no-audit", "--no-fund", "--prefer-offline"];
      await project.run("npm", ["install", ...quiet, "./breccia.tgz", ...TOOLS]);
      for (const name of ["main.js", "webpack.config.js"]) {
        const source = new URL(`project/${name}`, import.meta.url);
        await project.write(name, await Deno.readTextFile(source));
      }
      await project.write("index.html", '<script type="module" src="main.js"></script>');
      return project;
    } catch (error) {
      await project[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The names by which the package can be imported: `"@breccia/breccia/codec"`. */
  async exports(): Promise<string[]> {
    const manifest = `${this.folder}/node_modules/@breccia/breccia/package.json`;
    const { exports } = JSON.parse(await Deno.readTextFile(manifest));
    return Object.keys(exports).map((name) => `@breccia/breccia${name.slice(1)}`);
  }

  /** Runs a tool of the project in Node 22, and returns what it prints. */
  node(args: readonly string[]): Promise<string> {
    return this.run(NODE, args);
  }

  /** Bundles `main.js` for browsers with each bundler, into `out/`. */
  async bundle(): Promise<void> {
    const esbuild = `${this.folder}/node_modules/esbuild/bin/esbuild`;
    const flags = ["main.js", "--bundle", "--log-level=warning"];
    await this.run(esbuild, [...flags, "--format=esm", "--outfile=out/esbuild/main.js"]);
    await this.run(esbuild, [...flags, "--format=iife", "--outfile=out/classic/main.js"]);
    await this.node([
      ...["node_modules/vite/bin/vite.js", "build", "--base=/vite/", "--outDir=out/vite"],
      ...["--logLevel=warn", "--minify=esbuild"],
    ]);
    await this.node(["node_modules/webpack-cli/bin/cli.js", "--stats=errors-warnings"]);
    const browser = await bundle("mod.ts", "browser", { minify: true });
    await this.write("out/breccia.js", browser);
    await this.write("out/esbuild/index.html", '<script type="module" src="main.js"></script>');
    await this.write("out/webpack/index.html", "<script src=main.js></script>");
    await this.write(
      "out/classic/index.html",
      '<script>new Worker("worker.js" + location.search)</script>',
    );
    await this.write("out/classic/worker.js", 'importScripts("main.js");');
  }

  /** Writes a file of the project. */
  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/${name}`, text);
  }

  /** Runs `program` in the project; throws what it said when it fails. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd: this.folder,
    }).output();
    const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    if (!success) throw new Error(`${program} ${args.join(" ")} failed:\n${said}${complained}`);
    return said as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Whether npm is there. */
export function hasNpm(): boolean {
  try {
    return new Deno.Command("npm", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}
