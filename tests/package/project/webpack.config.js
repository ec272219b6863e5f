/** Bundles for browsers, with the defaults of webpack. */
export default {
  mode: "production",
  entry: "./main.js",
  performance: false,
  output: { path: new URL("out/webpack", import.meta.url).pathname },
};
