// The tests start the system themselves (tests/system/console.rs), and pass on where it is.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testMatch: "*.spec.ts",
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: "list",
  use: {
    baseURL: process.env.CONSOLE_URL,
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env.CONSOLE_BROWSER,
      // Chromium's sandbox needs a user that is not root; the page is our own.
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    },
  },
});
