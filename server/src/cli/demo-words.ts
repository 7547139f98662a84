/** What the demo's operator would have written into its configuration: a name, and words for scopes. */
export const demoBrand = { name: 'Sample Inc.', support: 'help@demo.example' }

export const demoScopes = {
  base: { en: 'See your name and your company', de: 'Ihren Namen und Ihre Firma sehen' },
  'deals:read': { en: 'See your deals', de: 'Ihre Geschäfte sehen' },
  'contacts:full': {
    en: 'See, add, change and delete your contacts',
    de: 'Ihre Kontakte sehen, anlegen, ändern und löschen',
  },
  profile: { en: 'See your name', de: 'Ihren Namen sehen' },
  read: { en: 'See what is in your account', de: 'Sehen, was in Ihrem Konto steht' },
  write: { en: 'Change what is in your account', de: 'Ändern, was in Ihrem Konto steht' },
  offline_access: {
    en: 'Keep this access while you are away',
    de: 'Diesen Zugriff behalten, während Sie nicht da sind',
  },
  MERCHANT_R: { en: 'See the business and its address', de: 'Das Geschäft und seine Adresse sehen' },
  ORDERS_R: { en: 'See orders', de: 'Bestellungen sehen' },
  ORDERS_W: { en: 'Add and change orders', de: 'Bestellungen anlegen und ändern' },
  EXPRPT: { en: 'See and file expense reports', de: 'Spesenabrechnungen sehen und einreichen' },
  LIST: { en: 'See lists, such as cost centres', de: 'Listen sehen, etwa der Kostenstellen' },
  BANK: { en: 'See bank details for refunds', de: 'Bankverbindungen für Erstattungen sehen' },
  CCARD: { en: 'See company card payments', de: 'Zahlungen mit Firmenkarten sehen' },
}
