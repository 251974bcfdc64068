import { evenkeel } from 'evenkeel'

export default { plugins: [evenkeel()] }
