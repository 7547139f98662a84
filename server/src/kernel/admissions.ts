/** Which apps a user may not use, and which an organization has let in. */

/** Each change of that. */
export type AdmissionWrite = never

export type AdmissionFinders = object
