import { Button } from '@mui/material'

export default function Page() {
  return <Button style={{ textTransform: 'none' }}>material says 42</Button>
}
