import { useForm } from 'react-hook-form'

export default function Page() {
  const form = useForm({ defaultValues: { says: 'form says 42' } })
  return <p>{form.getValues('says')}</p>
}
