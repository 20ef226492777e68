"""Bytes, header and records of a VCF or BCF, before they mean anything for a gene."""
