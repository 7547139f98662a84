/** A certificate for one name, signed by its own key, made for a test and worth nothing outside of it. */
import { sign } from 'node:crypto'
import { generateKeyPair } from '../keys/key-pair.ts'

export type TestCertificate = { readonly key: string; readonly cert: string }

export function certificateFor(name: string): TestCertificate {
  const { privateKey, publicKey } = generateKeyPair('ES256')
  const signature = sequence(oid(ecdsaWithSha256))
  const names = sequence(der(0x31, sequence(oid(commonName), der(0x0c, Buffer.from(name)))))
  const day = 86_400_000
  const validity = sequence(time(Date.now() - day), time(Date.now() + day))
  const alternative = sequence(der(0x82, Buffer.from(name)))
  const isAuthority = sequence(der(0x01, Buffer.from([0xff])))
  const extensions = sequence(
    sequence(oid(subjectAlternativeName), der(0x04, alternative)),
    sequence(oid(basicConstraints), der(0x04, isAuthority)),
  )
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    signature,
    names,
    validity,
    names,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, extensions),
  )
  const signed = sign('sha256', toBeSigned, privateKey)
  const certificate = sequence(toBeSigned, signature, der(0x03, Buffer.concat([Buffer.alloc(1), signed])))
  const lines = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

// Object identifiers, as DER writes them (X.690 §8.19).
const ecdsaWithSha256 = '2a8648ce3d040302'
const commonName = '550403'
const subjectAlternativeName = '551d11'
const basicConstraints = '551d13'

const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts))

const time = (moment: number): Buffer =>
  der(0x18, Buffer.from(`${new Date(moment).toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`))

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
