// Popular packages, as applications import them. Each is added late to a running optimizer.
// `both` is a page's and a server's; what needs a document to be evaluated, or is large and for pages alone, is `browser`.

const on = (side, ids) => ids.trim().split(/\s+/).map((id) => ({ id, side }))

export const packages = [
  // react
  ...on('both', `
    react react/jsx-runtime react/jsx-dev-runtime react-dom react-is scheduler use-sync-external-store/shim use-sync-external-store/shim/with-selector
    react-error-boundary react-hook-form @hookform/resolvers @hookform/resolvers/zod react-redux react-router react-select react-table
    react-transition-group react-intersection-observer react-use react-window prop-types hoist-non-react-statics react-markdown
    react-i18next react-helmet-async react-dropzone react-textarea-autosize react-colorful react-day-picker react-toastify react-hot-toast sonner cmdk
    react-resizable-panels react-virtuoso usehooks-ts use-debounce use-immer use-query-params ahooks @floating-ui/react downshift vaul
  `),
  ...on('server', 'react-dom/server'),
  ...on('browser', 'react-dom/client react-draggable react-dnd react-dnd-html5-backend'),
  // radix
  ...on('both', `
    @radix-ui/react-dialog @radix-ui/react-tooltip @radix-ui/react-popover @radix-ui/react-dropdown-menu @radix-ui/react-tabs @radix-ui/react-select
    @radix-ui/react-checkbox @radix-ui/react-switch @radix-ui/react-slot @radix-ui/react-accordion @radix-ui/react-label @radix-ui/react-avatar
    @radix-ui/react-toast @radix-ui/react-slider @radix-ui/react-scroll-area @radix-ui/react-navigation-menu @radix-ui/react-context @radix-ui/react-direction
  `),
  // components
  ...on('both', `
    @mui/material @mui/material/Button @mui/system @mui/utils @emotion/react @emotion/styled @emotion/cache @emotion/css styled-components
    @headlessui/react @heroicons/react/24/outline lucide-react framer-motion motion/react @react-spring/web class-variance-authority clsx
    clsx/lite classnames tailwind-merge goober react-aria react-stately @dnd-kit/core @dnd-kit/sortable
  `),
  ...on('browser', 'antd @ant-design/icons swiper swiper/react embla-carousel-react @popperjs/core tippy.js'),
  // tanstack
  ...on('both', `
    @tanstack/react-query @tanstack/query-core @tanstack/react-table @tanstack/react-virtual @tanstack/react-form @tanstack/react-router
    @tanstack/react-store @tanstack/react-query-devtools @tanstack/query-sync-storage-persister
  `),
  // state
  ...on('both', `
    zustand zustand/middleware zustand/vanilla zustand/shallow jotai jotai/utils valtio valtio/utils redux @reduxjs/toolkit @reduxjs/toolkit/query/react reselect redux-thunk
    redux-saga redux-saga/effects immer mobx mobx-react-lite xstate @xstate/react nanostores @nanostores/react effector swr swr/infinite swr/mutation
    proxy-memoize use-context-selector @preact/signals-core
  `),
  // frameworks
  ...on('both', `
    preact preact/hooks preact/compat vue @vue/reactivity solid-js solid-js/store lit lit/decorators.js svelte svelte/store alpinejs htm
    hono itty-router
  `),
  // dates
  ...on('both', `
    date-fns date-fns/locale date-fns/format date-fns/parseISO dayjs dayjs/plugin/utc dayjs/plugin/relativeTime dayjs/locale/de luxon moment moment/locale/fr
    moment-timezone @date-fns/tz date-fns-tz @internationalized/date @js-joda/core ms pretty-ms timeago.js @js-temporal/polyfill
  `),
  // functions
  ...on('both', `
    lodash lodash/debounce lodash/merge lodash/fp lodash-es lodash-es/debounce.js lodash-es/groupBy.js lodash.throttle underscore ramda remeda radash fp-ts fp-ts/Option
    effect p-limit p-queue p-map p-retry mitt eventemitter3 events eventemitter2 nanoevents fast-deep-equal fast-deep-equal/react dequal dequal/lite deepmerge klona klona/full defu
    just-debounce-it rfdc object-path dot-prop flat camelcase change-case slugify pluralize tiny-invariant tiny-warning invariant
  `),
  // d3
  ...on('both', `
    d3 d3-array d3-scale d3-shape d3-selection d3-time-format d3-color d3-interpolate d3-hierarchy d3-geo d3-force d3-zoom topojson-client @visx/scale @visx/shape
  `),
  // streams
  ...on('both', 'rxjs rxjs/operators rxjs/ajax rxjs/webSocket wonka'),
  // schemas
  ...on('both', `
    zod zod/v4 zod/mini zod/v3 yup valibot superstruct joi ajv ajv-formats @sinclair/typebox @sinclair/typebox/value validator validator/es/lib/isEmail
    class-transformer reflect-metadata
  `),
  // text
  ...on('both', `
    marked markdown-it markdown-it-anchor remark remark-parse remark-gfm remark-rehype rehype-stringify rehype-raw unified unist-util-visit mdast-util-from-markdown
    micromark gray-matter dompurify sanitize-html he html-entities entities diff fuse.js minisearch lunr flexsearch handlebars mustache
    ejs liquidjs prettier/standalone string-width strip-ansi wrap-ansi chalk picocolors ansi-styles kleur escape-html github-slugger linkify-it linkifyjs
  `),
  // highlighting
  ...on('both', 'highlight.js highlight.js/lib/core highlight.js/lib/languages/javascript prismjs prismjs/components/prism-typescript prism-react-renderer shiki lowlight refractor'),
  // data
  ...on('both', `
    papaparse csv-parse/sync csv-stringify/browser/esm/sync fast-xml-parser js-yaml yaml toml smol-toml ini json5 jsonc-parser superjson devalue flatted qs query-string
    @msgpack/msgpack msgpackr long bignumber.js decimal.js big.js mathjs fraction.js numeral currency.js pako fflate jszip lz-string
    buffer base64-js ieee754 js-base64 iconv-lite safe-buffer string_decoder/ readable-stream util/ process/browser path-browserify url/ assert/ punycode/ inherits
  `),
  // identifiers and crypto
  ...on('both', `
    uuid nanoid nanoid/non-secure ulid crypto-js crypto-js/sha256 @noble/hashes/sha2.js @noble/curves/ed25519.js tweetnacl bcryptjs jose jwt-decode
    object-hash spark-md5 md5 sha.js bn.js @paralleldrive/cuid2 short-uuid hashids
  `),
  // http
  ...on('both', `
    axios ky ofetch wretch cross-fetch isomorphic-unfetch graphql graphql-request @apollo/client @apollo/client/core urql @urql/core graphql-tag
    @trpc/client @trpc/server socket.io-client engine.io-client cookie js-cookie tough-cookie set-cookie-parser url-join path-to-regexp
    regexparam mime mime-types content-type bytes http-status-codes
  `),
  // i18n
  ...on('both', `
    i18next i18next-http-backend i18next-browser-languagedetector intl-messageformat @formatjs/intl-localematcher react-intl negotiator
    make-plural iso-639-1 countries-list libphonenumber-js libphonenumber-js/max
  `),
  // charts
  ...on('both', 'recharts chart.js chart.js/auto echarts/core echarts/charts uplot'),
  ...on('browser', 'echarts'),
  // three
  ...on('both', 'three gl-matrix @react-three/fiber simplex-noise bezier-easing'),
  ...on('browser', 'three/addons/controls/OrbitControls.js three/addons/loaders/GLTFLoader.js three/addons/loaders/DRACOLoader.js'),
  // editors
  ...on('browser', `
    codemirror @codemirror/state @codemirror/view @codemirror/lang-javascript @codemirror/lang-json @codemirror/theme-one-dark @lezer/common @lezer/highlight
    prosemirror-model prosemirror-state prosemirror-view prosemirror-schema-basic prosemirror-commands prosemirror-history @tiptap/core @tiptap/react @tiptap/starter-kit
    quill slate slate-react slate-history lexical @lexical/react/LexicalComposer @lexical/rich-text @uiw/react-codemirror
  `),
  // collaboration
  ...on('both', 'yjs y-protocols/awareness lib0/encoding idb idb-keyval dexie localforage lru-cache quick-lru'),
  // assets and workers
  ...on('browser', `
    sql.js @sqlite.org/sqlite-wasm comlink browser-image-compression canvas-confetti html2canvas
    html-to-image file-saver web-vitals howler
  `),
  // styles
  ...on('browser', 'react-toastify/unstyled sweetalert2 nprogress driver.js intro.js react-datepicker'),
  // polyfills
  ...on('both', `
    core-js/actual/array/at core-js/actual/promise/try regenerator-runtime/runtime whatwg-fetch abort-controller event-target-shim web-streams-polyfill
    resize-observer-polyfill tslib @babel/runtime/helpers/extends @babel/runtime/helpers/objectSpread2 object-assign symbol-observable globalthis
  `),
  ...on('browser', 'core-js/stable intersection-observer zone.js'),
  // classics
  ...on('both', `
    debug minimist semver async q bluebird through2 once wrappy isarray color color-convert color-string tinycolor2 chroma-js polished
    seedrandom xtend extend void-elements html-void-elements mime-db acorn acorn-walk esprima estraverse escodegen magic-string
    @babel/parser @babel/types source-map-js postcss postcss-value-parser css-tree jsonpath-plus expr-eval nearley moo fast-json-stable-stringify
    loglevel pino consola tinybench hotkeys-js tinykeys is-hotkey
  `),
  ...on('browser', 'jquery clipboard screenfull interactjs sortablejs'),
]
