// What of the page the compiler does not put there itself.
import { copyFileSync } from 'node:fs'

for (const file of ['page.html', 'page.css']) {
  copyFileSync(new URL(file, import.meta.url), new URL(`../../dist/inspector/${file}`, import.meta.url))
}
