// The one list of late modules, read by the workers (to route), by the Vite plugin (to make the dynamic imports)
// and by the harness (to know the right answer). It imports nothing, so that none of the three pays for another.

/**
 * @typedef {object} LatePage
 * @property {string} method
 * @property {string} path
 * @property {string} dep        the only dependency that this page's module brings in
 * @property {boolean} usesReact whether `dep` shares React with the app: a second React makes the page fail
 * @property {string} expect     what a right answer contains
 * @property {string} module     path below this folder
 * @property {string} [body]     what `expect` takes for granted was sent
 */

/** @type {LatePage[]} */
export const getPages = [
  { method: 'GET', path: '/late/zod', dep: 'zod', usesReact: false, expect: '<p data-page="zod">zod says 42</p>', module: 'get/zod.tsx' },
  { method: 'GET', path: '/late/swr', dep: 'swr', usesReact: true, expect: '<p data-page="swr">swr says 42</p>', module: 'get/swr.tsx' },
  { method: 'GET', path: '/late/nanoid', dep: 'nanoid', usesReact: false, expect: '<p data-page="nanoid">nanoid says aaaaa</p>', module: 'get/nanoid.tsx' },
  { method: 'GET', path: '/late/zustand', dep: 'zustand', usesReact: true, expect: '<p data-page="zustand">zustand says 42</p>', module: 'get/zustand.tsx' },
  { method: 'GET', path: '/late/jotai', dep: 'jotai', usesReact: true, expect: '<p data-page="jotai">jotai says 42</p>', module: 'get/jotai.tsx' },
  { method: 'GET', path: '/late/dayjs', dep: 'dayjs', usesReact: false, expect: '<p data-page="dayjs">dayjs says 2042</p>', module: 'get/dayjs.tsx' },
  { method: 'GET', path: '/late/form', dep: 'react-hook-form', usesReact: true, expect: '<p data-page="form">form says 42</p>', module: 'get/form.tsx' },
  { method: 'GET', path: '/late/query', dep: '@tanstack/react-query', usesReact: true, expect: '<p data-page="query">query says 42</p>', module: 'get/query.tsx' },
  { method: 'GET', path: '/late/immer', dep: 'immer', usesReact: false, expect: '<p data-page="immer">immer says 42</p>', module: 'get/immer.tsx' },
  { method: 'GET', path: '/late/toggle', dep: '@radix-ui/react-toggle', usesReact: true, expect: 'aria-pressed="true" data-state="on" data-page="toggle">toggle says hello</button>', module: 'get/toggle.tsx' },
  { method: 'GET', path: '/late/clsx', dep: 'clsx', usesReact: false, expect: '<p data-page="clsx" class="four two">clsx says hello</p>', module: 'get/clsx.tsx' },
  { method: 'GET', path: '/late/collapsible', dep: '@radix-ui/react-collapsible', usesReact: true, expect: 'data-page="collapsible">collapsible says hello</div>', module: 'get/collapsible.tsx' },
]

/** @type {LatePage[]} */
export const postPages = [
  { method: 'POST', path: '/act/uuid', dep: 'uuid', usesReact: false, body: 'even keel', expect: 'uuid says b98287d3-d8bc-574b-9330-e1036a9c15cb', module: 'act/uuid.ts' },
  { method: 'POST', path: '/act/tabs', dep: '@radix-ui/react-tabs', usesReact: true, body: 'even keel', expect: '<p data-page="tabs">tabs says even keel</p>', module: 'act/tabs.tsx' },
  { method: 'POST', path: '/act/lodash', dep: 'lodash-es', usesReact: false, body: 'even keel', expect: 'lodash says even-keel', module: 'act/lodash.ts' },
  { method: 'POST', path: '/act/checkbox', dep: '@radix-ui/react-checkbox', usesReact: true, body: 'even keel', expect: '>checkbox says even keel</button>', module: 'act/checkbox.tsx' },
  { method: 'POST', path: '/act/date', dep: 'date-fns', usesReact: false, body: '2026-02-28', expect: 'date says 2026-03-01', module: 'act/date.ts' },
  { method: 'POST', path: '/act/immer', dep: 'use-immer', usesReact: true, body: 'even keel', expect: '<p data-page="immer">immer says even keel</p>', module: 'act/immer.tsx' },
]

/** One of each method that is neither safe nor POST. @type {LatePage[]} */
export const otherMethodPages = [
  { method: 'PUT', path: '/act/switch', dep: '@radix-ui/react-switch', usesReact: true, body: 'even keel', expect: '>switch says even keel</button>', module: 'act/switch.tsx' },
  { method: 'PATCH', path: '/act/deepmerge', dep: 'deepmerge', usesReact: false, body: '{"b":2}', expect: 'deepmerge says {"a":1,"b":2}', module: 'act/deepmerge.ts' },
  { method: 'DELETE', path: '/act/pluralize', dep: 'pluralize', usesReact: false, body: 'keel', expect: 'pluralize says keels', module: 'act/pluralize.ts' },
]

/** Head and first chunk leave before the dependency is asked for. @type {LatePage} */
export const streamPage = { method: 'GET', path: '/stream/late', dep: '@radix-ui/react-avatar', usesReact: true, expect: '<span data-page="stream">stream says hello</span>', module: 'stream.tsx' }

/** A whole document with Vite's client in it, for a real browser. @type {LatePage} */
export const browserPage = { method: 'GET', path: '/browser', dep: 'usehooks-ts', usesReact: true, expect: '<p data-page="browser">browser says 42</p>', module: 'browser.tsx' }

/** What a cold start is judged by: the pages and actions that a user would visit. */
export const latePages = [...getPages, ...postPages]

export const allPages = [...latePages, ...otherMethodPages, streamPage, browserPage]

/**
 * @typedef {object} SpareDep
 * @property {string} dep
 * @property {boolean} usesReact
 * @property {string} imports what a module has to import to use it
 * @property {string} content an expression (in a component's body) that uses it: with a second React it throws, if `usesReact`
 * @property {string} expect  what `content` renders to
 */

/** Installed and imported by nobody: for tests that save a new import into a copy of an app. @type {SpareDep[]} */
export const spareDeps = [
  { dep: 'mitt', usesReact: false, imports: "import mitt from 'mitt'", content: 'typeof mitt().emit', expect: 'function' },
  { dep: 'valtio', usesReact: true, imports: "import { proxy, useSnapshot } from 'valtio'", content: "useSnapshot(proxy({ says: 'valtio 42' })).says", expect: 'valtio 42' },
  { dep: 'react-intersection-observer', usesReact: true, imports: "import { useInView } from 'react-intersection-observer'", content: '`in view: ${useInView().inView}`', expect: 'in view: false' },
  { dep: '@radix-ui/react-dialog', usesReact: true, imports: "import * as Dialog from '@radix-ui/react-dialog'", content: '<Dialog.Root open><Dialog.Trigger>dialog 42</Dialog.Trigger></Dialog.Root>', expect: '>dialog 42</button>' },
  { dep: 'klona', usesReact: false, imports: "import { klona } from 'klona'", content: "klona({ says: 'klona 42' }).says", expect: 'klona 42' },
  { dep: 'use-debounce', usesReact: true, imports: "import { useDebounce } from 'use-debounce'", content: "useDebounce('debounced 42', 10)[0]", expect: 'debounced 42' },
  { dep: '@radix-ui/react-label', usesReact: true, imports: "import { Label } from '@radix-ui/react-label'", content: '<Label>label 42</Label>', expect: '<label>label 42</label>' },
  { dep: 'slugify', usesReact: false, imports: "import slugify from 'slugify'", content: "slugify('even keel')", expect: 'even-keel' },
  { dep: 'react-error-boundary', usesReact: true, imports: "import { ErrorBoundary } from 'react-error-boundary'", content: '<ErrorBoundary fallback="failed">bounded 42</ErrorBoundary>', expect: 'bounded 42' },
  { dep: '@radix-ui/react-progress', usesReact: true, imports: "import { Progress } from '@radix-ui/react-progress'", content: '<Progress value={42}>progress 42</Progress>', expect: '>progress 42</div>' },
]

export const keyOf = (page) => `${page.method} ${page.path}`
