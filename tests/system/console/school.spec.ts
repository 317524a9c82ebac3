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

test("a world file with a mistake is not applied, and the line is shown", async ({ page }) => {
  await page.goto("/#/new");
  await page.getByRole("textbox", { name: /World file/ }).fill("id: tea\nentities:\n  - {id: a, kind: nothing}\n");
  await page.getByRole("button", { name: "Make the world" }).click();
  await expect(page.getByRole("alert")).toContainText("Line 3");
});
