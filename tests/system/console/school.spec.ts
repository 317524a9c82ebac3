import { expect, picture, test } from "./console";

// The browser logs the answer to a world file with a mistake.
test.use({ complaints: [/422/] });

test("a person makes the animal school and sees its states move", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "New world" }).click();
  await page.getByRole("combobox", { name: "Example" }).selectOption("animal-school");
  await expect(page.getByRole("textbox", { name: /World file/ })).toHaveValue(/id: animal-school/);
  await page.getByRole("button", { name: "Make the world" }).click();
  const sections = page.getByRole("navigation", { name: "World animal-school" });
  await sections.getByRole("link", { name: "Entities" }).click();
  await page.getByRole("navigation", { name: "Entities" }).getByRole("link", { name: /teacher/ }).click();

  const heading = page.getByRole("heading", { name: /^Behaviour / });
  await expect(heading).toBeVisible();
  await expect(page.getByRole("img", { name: "Behaviour of teacher" })).toBeVisible();
  const states = new Set<string>();
  await expect(async () => {
    states.add(await heading.innerText());
    expect([...states].length, `states: ${[...states].join(", ")}`).toBeGreaterThan(2);
  }).toPass({ timeout: 120_000, intervals: [50] });
  await picture(page, "behaviour");
});

test("a person looks at the requests that had ended by a commit", async ({ page }) => {
  const read = async () => {
    const response = await page.request.get("/v1/worlds/animal-school/interactions?status=ended");
    return ((await response.json()) as { items: { id: string; seq: number; targets: { status: string }[] }[] }).items;
  };
  await expect.poll(async () => (await read()).some((one) => one.targets[0]?.status === "completed")).toBe(true);
  const one = (await read()).find((ended) => ended.targets[0]?.status === "completed");
  const shown = page.getByRole("listitem").and(page.locator("[aria-current=true]"));
  await page.goto(`/#/w/animal-school/interactions/${one?.id}?at=${one?.seq}`);
  await expect(shown).toContainText("completed");
  await page.goto(`/#/w/animal-school/interactions/${one?.id}?at=${(one?.seq ?? 0) - 1}`);
  await expect(shown.or(page.getByText("Nobody had requested anything"))).toBeVisible();
  await expect(shown.filter({ hasText: "completed" })).toHaveCount(0);
});

test("a pasted world file with a mistake is not applied: its line and field are shown, and it is mended", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/#/new");
  const editor = page.getByRole("textbox", { name: /World file/ });
  const paste = async (file: string) => {
    await page.evaluate((text) => navigator.clipboard.writeText(text), file);
    await editor.focus();
    await editor.press("ControlOrMeta+a");
    await editor.press("ControlOrMeta+v");
    await expect(editor).toHaveValue(file);
  };
  const make = page.getByRole("button", { name: "Make the world" });
  await paste("id: pasted\nentities:\n  - {id: ann, kind: user}\n  - {id: bob, kind: nothing}\n");
  await make.click();
  const fault = page.getByRole("alert");
  await expect(fault).toContainText("Line 4");
  await expect(fault).toContainText("entities[1].kind");
  // What is no YAML is not sent at all.
  await paste("id: pasted\nentities: [\n");
  await make.click();
  await expect(fault).toContainText("Line");
  await paste("id: pasted\nname: From the clipboard\nentities:\n  - {id: ann, kind: user}\n");
  await make.click();
  await expect(page.getByRole("heading", { name: "From the clipboard" })).toBeVisible();
});
