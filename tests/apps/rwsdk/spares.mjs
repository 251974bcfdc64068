// What a save can bring in: installed, and imported by nobody at the start. Five of a kind make a median of one session, the
// rest is for warming up.

/**
 * @typedef {object} Spare
 * @property {'server' | 'client' | 'action'} kind whose module it is added to
 * @property {string} dep
 * @property {string} imports what the module has to import to use it
 * @property {string} use     an expression: JSX in components, a string in the action
 * @property {string} shows   what the page then shows
 */

/** @type {Spare[]} */
export const serverSpares = [
  { kind: 'server', dep: 'dayjs', imports: "import dayjs from 'dayjs'", use: "<p>dayjs says {dayjs('2042-01-01').year()}</p>", shows: 'dayjs says 2042' },
  { kind: 'server', dep: 'marked', imports: "import { marked } from 'marked'", use: "<div dangerouslySetInnerHTML={{ __html: marked.parse('*marked* says 42') }} />", shows: 'marked says 42' },
  { kind: 'server', dep: 'pluralize', imports: "import pluralize from 'pluralize'", use: "<p>pluralize says {pluralize('keel')}</p>", shows: 'pluralize says keels' },
  { kind: 'server', dep: 'date-fns', imports: "import { addDays } from 'date-fns'", use: '<p>date-fns says {addDays(new Date(2042, 0, 31), 1).getMonth()}</p>', shows: 'date-fns says 1' },
  { kind: 'server', dep: 'deepmerge', imports: "import deepmerge from 'deepmerge'", use: '<p>deepmerge says {deepmerge({ a: 4 }, { b: 42 }).b}</p>', shows: 'deepmerge says 42' },
  { kind: 'server', dep: 'lodash-es', imports: "import { kebabCase } from 'lodash-es'", use: "<p>lodash says {kebabCase('even keel')}</p>", shows: 'lodash says even-keel' },
]

/**
 * All share React with the page they come into. Components, no hooks: a component whose hooks changed starts anew at every hot
 * update, and what a reload loses could not be told from that. @type {Spare[]}
 */
export const clientSpares = [
  { kind: 'client', dep: '@radix-ui/react-dialog', imports: "import * as Dialog from '@radix-ui/react-dialog'", use: '<Dialog.Root><Dialog.Trigger>dialog says 42</Dialog.Trigger></Dialog.Root>', shows: 'dialog says 42' },
  { kind: 'client', dep: '@radix-ui/react-tooltip', imports: "import * as Tooltip from '@radix-ui/react-tooltip'", use: '<Tooltip.Provider><Tooltip.Root><Tooltip.Trigger>tooltip says 42</Tooltip.Trigger></Tooltip.Root></Tooltip.Provider>', shows: 'tooltip says 42' },
  { kind: 'client', dep: '@radix-ui/react-switch', imports: "import { Switch } from '@radix-ui/react-switch'", use: '<Switch>switch says 42</Switch>', shows: 'switch says 42' },
  { kind: 'client', dep: '@radix-ui/react-tabs', imports: "import * as Tabs from '@radix-ui/react-tabs'", use: '<Tabs.Root defaultValue="a"><Tabs.Content value="a">tabs says 42</Tabs.Content></Tabs.Root>', shows: 'tabs says 42' },
  { kind: 'client', dep: 'react-error-boundary', imports: "import { ErrorBoundary } from 'react-error-boundary'", use: '<ErrorBoundary fallback="failed"><p>boundary says 42</p></ErrorBoundary>', shows: 'boundary says 42' },
  { kind: 'client', dep: '@radix-ui/react-toggle', imports: "import { Toggle } from '@radix-ui/react-toggle'", use: '<Toggle>toggle says 42</Toggle>', shows: 'toggle says 42' },
  { kind: 'client', dep: 'jotai', imports: "import { Provider } from 'jotai'", use: '<Provider><p>jotai says 42</p></Provider>', shows: 'jotai says 42' },
]

/** @type {Spare[]} */
export const actionSpares = [
  { kind: 'action', dep: 'nanoid', imports: "import { customAlphabet } from 'nanoid'", use: "`nanoid says ${customAlphabet('a', 5)()}`", shows: 'nanoid says aaaaa' },
  { kind: 'action', dep: 'uuid', imports: "import { v5 } from 'uuid'", use: "`uuid says ${v5('even keel', v5.URL)}`", shows: 'uuid says b98287d3-d8bc-574b-9330-e1036a9c15cb' },
  { kind: 'action', dep: 'zod', imports: "import { z } from 'zod'", use: "`zod says ${z.coerce.number().parse('42')}`", shows: 'zod says 42' },
  { kind: 'action', dep: 'clsx', imports: "import clsx from 'clsx'", use: "`clsx says ${clsx({ even: true, odd: false }, 'keel')}`", shows: 'clsx says even keel' },
  { kind: 'action', dep: 'klona', imports: "import { klona } from 'klona'", use: '`klona says ${klona({ answer: 42 }).answer}`', shows: 'klona says 42' },
  { kind: 'action', dep: 'slugify', imports: "import slugify from 'slugify'", use: "`slugify says ${slugify('even keel')}`", shows: 'slugify says even-keel' },
]

export const spares = [...serverSpares, ...clientSpares, ...actionSpares]
