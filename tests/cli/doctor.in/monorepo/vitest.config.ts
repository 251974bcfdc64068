export default { test: { projects: ['apps/*'] } }
