"""The portal's MkDocs theme: templates, style, and the little script there is."""
