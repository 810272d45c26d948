// Builds static/vendor/ from the pinned npm packages: Tabler's CSS reduced to what Jalon uses,
// the Inter font, and one SVG sprite holding only the icons named in static/icons.txt.
// Run by `npm run build`; the launcher runs it after `npm ci`. Safe to run again at any time.
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAsync } from "sass";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const vendor = join(root, "static", "vendor");

// Latin covers French; latin-ext is fetched by the browser only when a name needs it.
const FONTS = [
  "inter-latin-wght-normal.woff2",
  "inter-latin-wght-italic.woff2",
  "inter-latin-ext-wght-normal.woff2",
];

// Written aside then renamed: a build cut short never leaves half a file to be served.
async function write(name, text) {
  const target = join(vendor, name);
  await writeFile(`${target}.part`, text);
  await rename(`${target}.part`, target);
  console.log(`static/vendor/${name}: ${Math.round(Buffer.byteLength(text) / 1024)} KB`);
}

async function buildCss() {
  const result = await compileAsync(join(root, "assets", "tabler.scss"), {
    style: "compressed",
    sourceMap: false,
    quietDeps: true,
    loadPaths: [join(modules, "@tabler", "core", "scss")],
  });
  // The byte-order mark that Sass writes would sit in the middle if files are ever joined.
  await write("tabler.css", result.css.replace(/^\uFEFF/, ""));
}

async function iconNames() {
  const text = await readFile(join(root, "static", "icons.txt"), "utf8");
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line && !line.startsWith("#"));
}

// "filled/point" is published as "point-filled", so that both drawings can live in the sprite.
async function symbol(name) {
  const filled = name.startsWith("filled/");
  const path = join(modules, "@tabler", "icons", "icons", filled ? `${name}.svg` : `outline/${name}.svg`);
  const source = await readFile(path, "utf8").catch(() => {
    throw new Error(`static/icons.txt: Tabler has no icon named « ${name} »`);
  });
  const body = source
    .replace(/^[\s\S]*?<svg[\s\S]*?>/, "")
    .replace(/<\/svg>[\s\S]*$/, "")
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, "")
    .replace(/\s+/g, " ")
    .trim();
  const id = filled ? `${name.slice("filled/".length)}-filled` : name;
  return `<symbol id="${id}" viewBox="0 0 24 24">${body}</symbol>`;
}

async function buildSprite() {
  const names = await iconNames();
  if (new Set(names).size !== names.length) {
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    throw new Error(`static/icons.txt: listed twice: ${twice.join(", ")}`);
  }
  const symbols = await Promise.all(names.map(symbol));
  await write("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

async function copyFonts() {
  await mkdir(join(vendor, "fonts"), { recursive: true });
  const files = join(modules, "@fontsource-variable", "inter", "files");
  await Promise.all(FONTS.map((name) => copyFile(join(files, name), join(vendor, "fonts", name))));
  await copyFile(join(modules, "@fontsource-variable", "inter", "LICENSE"), join(vendor, "fonts", "LICENSE"));
}

await mkdir(vendor, { recursive: true });
await Promise.all([buildCss(), buildSprite(), copyFonts()]);
