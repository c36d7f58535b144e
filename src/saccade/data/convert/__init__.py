"""Writers of data sets: COCO, Pascal VOC, YOLO, pictures beside masks, folders of classes."""
