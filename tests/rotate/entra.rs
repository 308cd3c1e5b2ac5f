//! Client secrets of Microsoft Entra ID, at a stand-in of its documented contract.
