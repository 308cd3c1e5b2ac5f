//! Access keys of AWS IAM, made and revoked at moto.
