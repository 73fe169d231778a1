// An administrator in the console: signs in, opens every page and one thing on each, with the keyboard where it
// matters. Nothing leaves the server, nothing hostile runs, nobody is shut out. Arguments: the address, a token, a
// folder for pictures, an agent's request, and the text that hostile names carry.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [, , url, token, pictures, request, hostile] = process.argv;
const require = createRequire(import.meta.url);
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const wait = { timeout: 60_000 };

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

// A browser of its own that tells of errors, of what leaves, and of what moves about.
const visit = async (options) => {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(wait.timeout);
  const page = await context.newPage();
  const seen = { errors: [], strangers: [], failed: [] };
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (line) => {
    // Who is not signed in is told so once, and browsers say that too.
    if (line.type() === "error" && !/401/.test(line.text())) seen.errors.push(line.text());
  });
  page.on("request", (asked) => {
    const { protocol, origin } = new URL(asked.url());
    if (!["data:", "blob:"].includes(protocol) && origin !== url) seen.strangers.push(asked.url());
  });
  page.on("response", (answer) => {
    if (answer.status() >= 500) seen.failed.push(`${answer.status()} ${answer.url()}`);
  });
  await page.addInitScript(() => {
    window.moved = 0;
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.moved += shift.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  return { context, page, seen };
};

const signIn = async (page) => {
  await page.goto(url);
  await page.getByLabel("Admin token").fill(token);
  await page.getByLabel("Admin token").press("Enter");
  await page.locator("main.sign-in").waitFor({ state: "detached", ...wait });
};

// What a page says once it has everything.
const settle = async (page) => {
  await page.locator("main h1").first().waitFor(wait);
  await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"), null, wait);
};

const check = async (page, where) => {
  assert.equal(await page.evaluate(() => window.pwned), undefined, `${where}: something hostile ran`);
  // Scripts from elsewhere are not let in by the page's own policy, so the check comes in by the debugger.
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(" ")}`);
  assert.deepEqual(told, [], where);
};

const { context, page, seen } = await visit({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
await signIn(page);
await settle(page);
const links = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
const paths = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
assert.ok(paths.length >= 15, `${paths.length} pages`);
const named = [];
for (const path of [...paths, "/start", `/traffic/${request}`]) {
  await page.goto(`${url}${path}`);
  await settle(page);
  await check(page, path);
  const moved = await page.evaluate(() => window.moved);
  assert.ok(moved < 0.1, `${path}: the layout shifts by ${moved}`);
  assert.equal(await page.getByText("Something went wrong").count(), 0, path);
  if ((await page.content()).includes(hostile.replaceAll("<", "&lt;").replaceAll(">", "&gt;"))) named.push(path);
  const name = path === "/" ? "overview" : path.slice(1).replaceAll("/", "-").replace(request, "request");
  await page.screenshot({ path: `${pictures}/console-${name}.png` });
}
assert.ok(named.length > 0, "hostile names are told as text somewhere");

// Spend leads to traffic, and traffic to one request, by links alone.
await page.goto(`${url}/traffic`);
await settle(page);
await page.locator(`a[href*="${request}"]`).first().click();
await page.waitForURL(`**/traffic/${request}`);
await settle(page);
const story = await page.locator("main").innerText();
for (const word of ["default-calls-models", "sim"]) assert.ok(story.includes(word), `the story has no \`${word}\``);

// The keyboard alone finds its way: the palette opens, takes a name, and goes there.
await page.keyboard.press("Control+k");
const palette = page.getByRole("dialog", { name: "Go to a page" });
await palette.getByRole("searchbox").waitFor(wait);
await page.keyboard.type("audit");
await page.waitForFunction(() => document.querySelectorAll("[role=dialog] [role=menuitem]").length === 1, null, wait);
await page.keyboard.press("ArrowDown");
await page.keyboard.press("Enter");
await page.waitForURL("**/audit");

// Dark, and as narrow as a phone.
const phone = await visit({ viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true });
await signIn(phone.page);
for (const path of ["/", "/spend", "/traffic", "/approvals"]) {
  await phone.page.goto(`${url}${path}`);
  await settle(phone.page);
  await check(phone.page, `${path} on a phone`);
  const wide = await phone.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${path} is ${wide} pixels too wide for a phone`);
  await phone.page.screenshot({ path: `${pictures}/console-phone${path.replace("/", "-")}.png` });
}

// Whoever signs out everywhere is out everywhere.
const out = await page.evaluate(async () => {
  const { csrf } = await (await fetch("/api/v1/console/session")).json();
  const headers = { "x-orchestack-csrf": csrf };
  return (await fetch("/api/v1/console/sessions", { method: "DELETE", headers })).status;
});
assert.equal(out, 204);
await phone.page.goto(`${url}/spend`);
await phone.page.getByLabel("Admin token").waitFor(wait);

for (const { errors, strangers, failed } of [seen, phone.seen]) {
  assert.deepEqual(errors, []);
  assert.deepEqual(strangers, []);
  assert.deepEqual(failed, []);
}
await context.close();
await browser.close();
