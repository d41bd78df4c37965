"""Addresses of the pages where pictures are asked for and looked at."""

from django.urls import path

from generations import views

urlpatterns = [
    path("w/<str:workspace>/studio", views.studio, name="studio"),
    path("w/<str:workspace>/rooms/<str:room_id>", views.room, name="room"),
    path("w/<str:workspace>/generations", views.history, name="history"),
    path("w/<str:workspace>/generations/<str:generation_id>", views.generation, name="generation"),
    path("w/<str:workspace>/generations/<str:generation_id>/progress", views.progress, name="progress"),
    path("w/<str:workspace>/generations/<str:generation_id>/cancel", views.cancel, name="cancel"),
    path("w/<str:workspace>/pictures/<str:picture_id>/restyle", views.restyle, name="restyle"),
    path("files/<str:token>/<str:filename>", views.file, name="file"),
]
