"""The sample rooms and product shots, rendered with Blender from shapes and materials that are all computed.

Needs Blender as a module, which the project does not (Python 3.11: `pip install bpy pillow`). In `docs/samples`:

    PYTHONPATH=../../generations/engines/preview python -m studio.render rooms [name …]
    PYTHONPATH=../../generations/engines/preview python -m studio.render products [name …]

`--quick` gives small, grainy pictures in /tmp to judge a scene by. Shapes, node trees and class numbers are the
room parser's (generations/engines/preview/training).
"""
