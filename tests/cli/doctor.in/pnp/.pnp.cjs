// As much of Yarn's file as is asked for: where packages are, by their names.
const { _load } = require('node:module')
const path = require('node:path')

const packages = path.join(__dirname, 'unplugged')
require('node:module')._load = (request, ...rest) =>
  request === 'pnpapi' ? { resolveToUnqualified: (name) => path.join(packages, name) } : _load(request, ...rest)
