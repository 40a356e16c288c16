// The types of the gateway that the dashboard reads name Node's Buffer; here it is only a name.
type Buffer = Uint8Array;
