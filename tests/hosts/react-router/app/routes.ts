import { index, route } from '@react-router/dev/routes'

export default [index('routes/draft.tsx'), route('beside', 'routes/beside.tsx')]
