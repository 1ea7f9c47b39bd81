"""What `params.yaml` may say: one file per section, checked where the section is used."""
