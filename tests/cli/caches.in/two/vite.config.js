import { evenkeel } from 'evenkeel'

export default { plugins: [evenkeel()], cacheDir: process.env.CACHE }
