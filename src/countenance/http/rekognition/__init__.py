"""The endpoint that speaks as Amazon Rekognition does: its clients work with another ``endpoint_url``, on our terms."""
