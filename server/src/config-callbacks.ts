/** The section `callbacks`: where apps may be told what happens to their grants. */
import { z } from 'zod'
import { addressRange, seconds } from './setting-types.ts'

const rangesWords = 'a list of addresses or ranges, such as [10.0.0.0/8]'

export const callbackSettings = z
  .strictObject({
    /** Addresses that are not public, to which apps may be called all the same; also by plain http. */
    allow_private: z.array(addressRange, rangesWords).default([]),
    /** The first pause after a failure; each one after it is longer, up to eight hours. */
    retry_first: seconds.prefault('5s'),
    give_up: seconds.prefault('3d'),
  })
  .prefault({})
