import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** The gateway that the development server passes requests to. */
const gateway = process.env.MANYWORLDS_URL ?? "http://127.0.0.1:7000";

const proxy = Object.fromEntries(
  ["/v1", "/readyz", "/livez", "/metrics", "/openapi.json"].map((path) => [path, { target: gateway }]),
);

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
