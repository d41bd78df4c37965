"""Looking at the preview engine, and measuring it: contact sheet, style gallery, benchmark."""
