@cache
def read(path):
    """Say what it does.

    def not_code(): return 1
    """
    text = '''one''' + "it's" + r"""
two""" # end
    return None
