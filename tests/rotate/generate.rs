//! What is made here, read by openssl, ssh-keygen and age.
