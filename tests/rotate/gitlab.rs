//! Access tokens of GitLab, at a stand-in of its documented contract.
