"""Operators' view of projects."""

from django.contrib import admin

from projects.models import Client, Photo, Project, Room

admin.site.register([Client, Project, Room, Photo])
