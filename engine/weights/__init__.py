"""Where weights come from and where they lie: catalogue, downloads, conversion, the store.

`store.ModelStore` is the door; the other modules are its rooms:

    catalogue      models known by name, with the facts that prove a file is the right one
    hub, mirror    the two sources of files that are not here yet
    conversion     a GGUF file becomes a folder of safetensors (`convert_gguf` runs in a child)
    model_folder   what a folder must hold to be loaded
    disk, hashes   space, atomic placement, sha256
    claim, child   one process works on a model at a time; children never outlive their work

No module here imports torch, except `convert_gguf`, which is run and never imported.
"""
