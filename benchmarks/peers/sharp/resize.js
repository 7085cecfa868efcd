// Makes three WebP variants of every picture of a folder, each resized from the source, two pictures at once.
// node resize.js SOURCE TARGET EFFORT [unmeasured pictures first] -> {"seconds", "peak", "idle"} (bytes)
const fs = require('node:fs');
const path = require('node:path');
const sharp = require('sharp');

const SIZES = [['thumbnail', 200, 150], ['medium', 800, 600], ['large', 1920, 1440]];
const AT_ONCE = 2;
const [source, target, effort, warm] = [process.argv[2], process.argv[3], Number(process.argv[4]), 2];

const memory = (name) => Number(fs.readFileSync('/proc/self/status', 'utf8').match(`${name}:\\s+(\\d+)`)[1]) * 1024;

async function develop(file) {
  const content = await fs.promises.readFile(path.join(source, file));
  for (const [name, width, height] of SIZES) {
    const made = await sharp(content)
      .rotate()
      .resize(width, height, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 90, effort })
      .toBuffer();
    await fs.promises.writeFile(path.join(target, `${path.parse(file).name}.${name}.webp`), made);
  }
}

async function developAll(files) {
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await develop(file);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function main() {
  const files = fs.readdirSync(source).sort();
  const idle = memory('VmRSS');
  await developAll(files.slice(0, warm));
  const began = process.hrtime.bigint();
  await developAll(files);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(JSON.stringify({ seconds, peak: memory('VmHWM'), idle }));
}

main();
