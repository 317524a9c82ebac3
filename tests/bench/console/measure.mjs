// Measures the console in Chromium: measure.mjs BASE WORLD EVENTS ARRIVING
//
// WORLD has EVENTS events. The script prints a line with READY when somebody is to send ARRIVING more, and at its end
// a line of JSON with what was measured:
//
//   first_row_ms    from the request of the page to its first row, of several fresh browsers' profiles
//   control         CPU ms for each event of a page that only reads and parses the stream
//   page            the same of the timeline, with all events loaded
//   frames          frames of the timeline while events arrived, the longest of them, and those over 100 ms
import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.BROWSER_MODULES}/`)("playwright-core");

const [base, world, events, arriving] = [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
const FIRST_ROWS = 5;
const FRAME_MAX_MS = 100;
/** So long may everything take that is waited for. */
const PATIENCE_MS = 180_000;

const browser = await chromium.launch({
  executablePath: process.env.BROWSER,
  // Chromium's sandbox needs a user that is not root; the page is our own.
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});

/** A page in a profile of its own, which has nothing in its cache. */
async function open() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  return context.newPage();
}

/** CPU seconds that the process of a page has used so far. */
async function cpuClock(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ProcessTime").value;
  };
}

const timeline = `${base}/#/w/${world}/timeline`;
const row = '[role="listbox"] [role="option"]';

async function firstRow() {
  const page = await open();
  await page.addInitScript((selector) => {
    const look = () => {
      if (document.querySelector(selector) === null) requestAnimationFrame(look);
      else globalThis.firstRowMs = performance.now();
    };
    look();
  }, row);
  await page.goto(timeline);
  const handle = await page.waitForFunction(() => globalThis.firstRowMs);
  const time = await handle.jsonValue();
  await page.context().close();
  return time;
}

/** Asks for the events that are to arrive, waits until a page has them, and returns the CPU ms for each of them. */
async function arrival(page, hasAll) {
  const clock = await cpuClock(page);
  const before = await clock();
  console.log("READY");
  await hasAll();
  return ((await clock()) - before) * 1000 / arriving;
}

/** A page that only reads the stream, and parses each event. */
async function control() {
  const page = await open();
  await page.goto(`${base}/livez`);
  await page.evaluate(async (path) => {
    globalThis.received = 0;
    const response = await fetch(path);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    const read = async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const messages = (rest + value).split("\n\n");
        rest = messages.pop();
        for (const message of messages) {
          const data = message.split("\n").find((line) => line.startsWith("data: "));
          if (data !== undefined && JSON.parse(data.slice(6)).sequence !== undefined) globalThis.received += 1;
        }
      }
    };
    void read();
  }, `/v1/worlds/${world}/events/stream`);
  const cost = await arrival(page, () => page.waitForFunction((count) => globalThis.received >= count, arriving));
  await page.context().close();
  return cost;
}

async function withAllLoaded() {
  const page = await open();
  await page.goto(timeline);
  const status = page.getByRole("main").getByRole("status").filter({ hasText: /[0-9] events?/ });
  const count = async () => Number((await status.first().innerText()).split("event")[0].replace(/\D/g, ""));
  const reaches = async (wanted) => {
    const end = Date.now() + PATIENCE_MS;
    while ((await count()) < wanted) {
      if (Date.now() > end) throw new Error(`${await count()} of ${wanted} events are loaded`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  await page.getByRole("button", { name: "all", exact: true }).click();
  await reaches(events);
  await page.evaluate(() => {
    globalThis.frames = [];
    let last = performance.now();
    const frame = (now) => {
      globalThis.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const cost = await arrival(page, () => reaches(events + arriving));
  const times = await page.evaluate(() => globalThis.frames);
  await page.context().close();
  const frames = { count: times.length, longest_ms: Math.max(...times), over: times.filter((time) => time > FRAME_MAX_MS).length };
  return { cost, frames };
}

const times = [];
for (let count = 0; count < FIRST_ROWS; count += 1) times.push(await firstRow());
const { cost, frames } = await withAllLoaded();
const controlCost = await control();
console.log(JSON.stringify({ first_row_ms: times, control: controlCost, page: cost, frames }));
await browser.close();
