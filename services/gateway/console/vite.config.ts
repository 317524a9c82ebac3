import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { ProxyOptions } from "vite";
import { defineConfig } from "vitest/config";

/** The gateway that the development server passes requests to. */
const gateway = process.env.MANYWORLDS_URL ?? "http://127.0.0.1:7000";

/** A stream that the gateway loses is lost for the page too, as it is without a proxy between. */
const options: ProxyOptions = {
  target: gateway,
  configure(proxy) {
    proxy.on("proxyRes", (from, _request, to) => {
      from.on("close", () => {
        if (!from.complete) to.destroy();
      });
    });
  },
};
const proxy = Object.fromEntries(["/v1", "/readyz", "/livez", "/metrics", "/openapi.json"].map((path) => [path, options]));

export default defineConfig({
  plugins: [svelte()],
  server: { proxy },
  // The same policy as the gateway has, so that what it forbids is seen here.
  preview: { proxy, headers: { "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" } },
  build: {
    target: "es2022",
    // The gateway's content security policy forbids `data:` addresses and inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ["src/**/*.test.ts"] },
});
